"""Compiled kernels of rushlight. Written by tools/stub.py."""

from typing import Any

# autograd/fast.cpp
def unary_node(*args: Any) -> Any: ...  # 5 arguments
def view_node(*args: Any) -> Any: ...  # 3 arguments
def flatten_node(*args: Any) -> Any: ...  # 4 arguments
def permute_node(*args: Any) -> Any: ...  # 3 arguments
def select_node(*args: Any) -> Any: ...  # 3 arguments
def slice_node(*args: Any) -> Any: ...  # 3 arguments
def index_node(*args: Any) -> Any: ...  # 4 arguments
def squeeze_node(*args: Any) -> Any: ...  # 4 arguments
def transpose_node(*args: Any) -> Any: ...  # 4 arguments
def unsqueeze_node(*args: Any) -> Any: ...  # 3 arguments
def filled(*args: Any) -> Any: ...  # 3 arguments
def strided(*args: Any) -> Any: ...  # 4 arguments
# autograd/join.cpp
def join_node(*args: Any) -> Any: ...  # 4 arguments
# autograd/operators.cpp
def set_operator(*args: Any) -> Any: ...  # 2 arguments
def set_fast_nodes(*args: Any) -> Any: ...  # 4 arguments
# autograd/tensor.cpp
def is_grad_enabled(*args: Any) -> Any: ...  # 0 arguments
def set_grad_mode(*args: Any) -> Any: ...  # 1 arguments
# bindings/attention.cpp
def attention(*args: Any) -> Any: ...  # 8 arguments
def attention_backward(*args: Any) -> Any: ...  # 11 arguments
# bindings/conv.cpp
def conv(*args: Any) -> Any: ...  # 5 arguments
def conv_backward_input(*args: Any) -> Any: ...  # 6 arguments
def conv_backward_weight(*args: Any) -> Any: ...  # 4 arguments
def conv_backward_bias(*args: Any) -> Any: ...  # 1 arguments
# bindings/copy.cpp
def contiguous(*args: Any) -> Any: ...  # 1 arguments
def cast(*args: Any) -> Any: ...  # 2 arguments
# bindings/elementwise.cpp
def unary(*args: Any) -> Any: ...  # 4 arguments
def binary(*args: Any) -> Any: ...  # 5 arguments
def ternary(*args: Any) -> Any: ...  # 6 arguments
def compare(*args: Any) -> Any: ...  # 4 arguments
def where(*args: Any) -> Any: ...  # 4 arguments
# bindings/gather.cpp
def take_rows(*args: Any) -> Any: ...  # 3 arguments
def add_rows(*args: Any) -> Any: ...  # 6 arguments
def embedding_backward(*args: Any) -> Any: ...  # 5 arguments
def gather(*args: Any) -> Any: ...  # 3 arguments
def scatter_add(*args: Any) -> Any: ...  # 4 arguments
# bindings/gemm.cpp
def matmul(*args: Any) -> Any: ...  # 2 arguments
def matmul_into(*args: Any) -> Any: ...  # 5 arguments
def linear(*args: Any) -> Any: ...  # 4 arguments
def linear_backward(*args: Any) -> Any: ...  # 6 arguments
# bindings/loss.cpp
def bad_target(*args: Any) -> Any: ...  # 3 arguments
def cross_entropy(*args: Any) -> Any: ...  # 7 arguments
def cross_entropy_backward(*args: Any) -> Any: ...  # 8 arguments
def nll(*args: Any) -> Any: ...  # 5 arguments
def nll_backward(*args: Any) -> Any: ...  # 7 arguments
def point_loss(*args: Any) -> Any: ...  # 7 arguments
def point_loss_backward(*args: Any) -> Any: ...  # 8 arguments
# bindings/module.cpp
def cpu_level(*args: Any) -> Any: ...  # 0 arguments
def cpu_levels(*args: Any) -> Any: ...  # 0 arguments
def get_num_threads(*args: Any) -> Any: ...  # 0 arguments
def set_num_threads(*args: Any) -> Any: ...  # 1 arguments
def memory_stats(*args: Any) -> Any: ...  # 0 arguments
def memory_empty_cache(*args: Any) -> Any: ...  # 0 arguments
def memory_set_limit(*args: Any) -> Any: ...  # 1 arguments
def memory_reset_peak(*args: Any) -> Any: ...  # 0 arguments
def empty(*args: Any) -> Any: ...  # 2 arguments
# bindings/nn_module.cpp
def module_setup(*args: Any) -> Any: ...  # 4 arguments
def module_slots(*args: Any) -> Any: ...  # 3 arguments
# bindings/norm.cpp
def batch_norm(*args: Any) -> Any: ...  # 8 arguments
def batch_norm_backward(*args: Any) -> Any: ...  # 9 arguments
def group_norm(*args: Any) -> Any: ...  # 5 arguments
def group_norm_backward(*args: Any) -> Any: ...  # 9 arguments
def layer_norm(*args: Any) -> Any: ...  # 6 arguments
def layer_norm_backward(*args: Any) -> Any: ...  # 9 arguments
# bindings/optim.cpp
def optim_sgd(*args: Any) -> Any: ...  # 10 arguments
def optim_adam(*args: Any) -> Any: ...  # 13 arguments
def optim_rmsprop(*args: Any) -> Any: ...  # 11 arguments
def optim_adagrad(*args: Any) -> Any: ...  # 9 arguments
# bindings/pool.cpp
def max_pool(*args: Any) -> Any: ...  # 4 arguments
def max_pool_backward(*args: Any) -> Any: ...  # 4 arguments
def avg_pool(*args: Any) -> Any: ...  # 5 arguments
def avg_pool_backward(*args: Any) -> Any: ...  # 5 arguments
# bindings/public.cpp
def public_setup(*args: Any) -> Any: ...  # 2 arguments
def public_function(*args: Any) -> Any: ...  # 2 arguments
# bindings/random.cpp
def random_seed(*args: Any) -> Any: ...  # 2 arguments
def random_uniform(*args: Any) -> Any: ...  # 4 arguments
def random_normal(*args: Any) -> Any: ...  # 5 arguments
def random_normal_double(*args: Any) -> Any: ...  # 5 arguments
def random_double(*args: Any) -> Any: ...  # 5 arguments
def random_integers(*args: Any) -> Any: ...  # 5 arguments
def random_poisson(*args: Any) -> Any: ...  # 3 arguments
def random_binomial(*args: Any) -> Any: ...  # 5 arguments
def random_mask(*args: Any) -> Any: ...  # 3 arguments
def random_mask_each(*args: Any) -> Any: ...  # 3 arguments
def random_dropout(*args: Any) -> Any: ...  # 3 arguments
def random_dropout_backward(*args: Any) -> Any: ...  # 3 arguments
def random_permutation(*args: Any) -> Any: ...  # 2 arguments
# bindings/reduce.cpp
def reduce(*args: Any) -> Any: ...  # 5 arguments
def reduce_index(*args: Any) -> Any: ...  # 4 arguments
def cumulative(*args: Any) -> Any: ...  # 3 arguments
# bindings/rnn.cpp
def rnn_layer(*args: Any) -> Any: ...  # 12 arguments
def rnn_layer_backward(*args: Any) -> Any: ...  # 15 arguments
# bindings/softmax.cpp
def softmax(*args: Any) -> Any: ...  # 3 arguments
def softmax_backward(*args: Any) -> Any: ...  # 4 arguments
def logsumexp(*args: Any) -> Any: ...  # 3 arguments
def logsumexp_backward(*args: Any) -> Any: ...  # 4 arguments
# bindings/sort.cpp
def sort(*args: Any) -> Any: ...  # 2 arguments
def topk(*args: Any) -> Any: ...  # 3 arguments
# bindings/upsample.cpp
def upsample_axis(*args: Any) -> Any: ...  # 6 arguments
# bindings/vision.cpp
def u8_table_rows(*args: Any) -> Any: ...  # 5 arguments
# autograd: methods defined without RL_DEF, and the types TensorBase, Node, ...
def __getattr__(name: str) -> Any: ...

"""What PyTorch 2.13 gives for the programs in programs.py, so that these tests need no PyTorch.

python tests/golden/record.py        # with PyTorch installed: writes *.json anew
"""

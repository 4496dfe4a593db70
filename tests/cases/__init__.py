"""The operations' cases, one file a family: each has a list CASES of `harness.OpCase`."""

"""crackmap's classifiers: training data, training, honest evaluation, conversion to int8, cards."""

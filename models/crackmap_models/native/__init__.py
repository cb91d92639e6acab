"""The model in C, for devices without Python and TensorFlow Lite."""

"""Networks, training, export and shipping. Imports TensorFlow."""

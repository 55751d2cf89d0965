"""Networks, training, distillation, export and shipping. Imports TensorFlow."""

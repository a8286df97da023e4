"""Kernels for one image: lanes are depth slices, or for FC inputs, instead of images."""

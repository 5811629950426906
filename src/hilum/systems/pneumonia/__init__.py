"""Pneumonia in children: the task of paper 4."""

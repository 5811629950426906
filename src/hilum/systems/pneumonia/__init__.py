"""Pneumonia in children: the task of Barnett 2023."""

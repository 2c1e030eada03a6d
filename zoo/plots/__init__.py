"""Pictures of trainings and models: readable when projected, told apart without colour vision."""

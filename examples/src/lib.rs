//! Programs to learn from.

//! Compile-time tests.

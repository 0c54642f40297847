//! What is fuzzed: the functions of cairn that read bytes of others.
//!
//! The fuzz targets call these functions with inputs that libFuzzer chooses; tests/fuzz calls them
//! with the inputs of `corpus/` and variations of these, on any compiler.

pub mod corpus;
pub mod targets;

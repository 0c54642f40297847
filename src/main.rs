//! The one binary of cairn.

fn main() {}

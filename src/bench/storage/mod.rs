//! Runs without a network: the engine itself, beside other ways to store the same messages.

//! Hostile bytes: frames, handshakes, streams, floods, and clients that do not read.

mod flood;
mod frames;
mod handshake;
mod memory;
mod slow_reader;
mod streams;

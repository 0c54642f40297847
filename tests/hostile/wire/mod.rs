//! Bad bytes: frames, handshakes, streams, floods, readers that do not read.

mod flood;
mod frames;
mod handshake;
mod memory;
mod slow_reader;
mod streams;

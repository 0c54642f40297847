//! Hostile bytes: frames, handshakes, streams, floods, and clients that do not read.

mod flood;
mod frames;
mod handshake;
mod initial;
mod memory;
mod packets;
mod slow_reader;
mod streams;

//! The client SDK of cairn.

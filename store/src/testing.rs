//! Doubles of what the store uses of its machine, for tests of this crate and, with the feature
//! `testing`, of others.

#[cfg(test)]
mod fixtures;

#[cfg(test)]
pub(crate) use self::fixtures::*;
pub use crate::disk::sim::{Call, Failure, Fault, SimDisk};

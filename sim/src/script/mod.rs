//! A script: everything that happens in a run besides what the server and the SDK decide. A seed
//! makes one, and a failing one is made smaller by leaving out steps.

mod draw;
pub(crate) mod shrink;
pub(crate) mod step;

use self::step::Timed;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script {
    pub(crate) seed: u64,
    /// Power cuts during the first start and the setup, at these calls.
    pub(crate) first_cuts: Vec<u64>,
    /// Whether there is a support desk.
    pub(crate) has_desk: bool,
    /// Whether there are interactive devices.
    pub(crate) has_sessions: bool,
    /// In order.
    pub(crate) steps: Vec<Timed>,
}

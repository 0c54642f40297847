//! What all devices have in common while the day is played.

use std::sync::Arc;

use super::listener::Habits;
use super::scenario::Scrolling;
use super::tally::Tally;
use crate::live::pace::Window;
use crate::live::stamp::Texts;

/// What all devices have in common while the day is played.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) texts: Arc<Texts>,
    pub(super) tally: Tally,
    /// What is on its way to all devices.
    pub(super) window: Window,
    pub(super) habits: Habits,
    pub(super) scrolling: Scrolling,
}

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Everybody does what the plan says.
    Day,
    /// Nobody does anything any more; who is away comes back, and everything is brought to everybody.
    Evening,
    /// Everybody stops.
    Night,
}

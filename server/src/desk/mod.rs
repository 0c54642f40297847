//! The support desk: what the server adds to the rules in `cairn_core`: sessions of visitors, who
//! is connected, the clock, office hours, and signed identities.

pub(crate) mod counts;
pub(crate) mod driver;
pub(crate) mod hours;
pub(crate) mod identity;
pub(crate) mod office;
pub(crate) mod presence;
pub(crate) mod requests;
pub(crate) mod uploads;
pub(crate) mod visit;

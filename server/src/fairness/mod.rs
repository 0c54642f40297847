//! Fairness: what each principal may use, so that no one takes the share of others.

pub(crate) mod abandoned;
pub(crate) mod allowance;
pub(crate) mod budget;
pub(crate) mod hash_queue;
pub(crate) mod openings;
pub(crate) mod rate_limit;
pub(crate) mod seats;
pub(crate) mod strangers;
pub(crate) mod turns;
pub(crate) mod visitors;

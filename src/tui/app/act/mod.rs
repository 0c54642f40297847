//! What keys do.

pub(crate) mod cards;
pub(crate) mod compose;
mod copying;
pub(crate) mod covered;
pub(crate) mod desk;
pub(crate) mod desk_card;
pub(crate) mod navigate;
pub(crate) mod select;
pub(crate) mod slash;
mod uploads;

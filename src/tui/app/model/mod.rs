//! The state of the client.

pub(crate) mod card;
pub(crate) mod desk;
pub(crate) mod geometry;
pub(crate) mod overlay;
pub(crate) mod picker;
pub(crate) mod scrolling;
pub(crate) mod state;
pub(crate) mod world;

//! Groups: membership, settings, moderation, discovery and quotas.

pub(crate) mod discovery;
pub(crate) mod group;
pub(crate) mod group_settings;
pub(crate) mod member_settings;
pub(crate) mod moderation;
pub(crate) mod quotas;

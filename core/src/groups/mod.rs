//! Groups.

pub mod discovery;
pub mod group;
pub mod group_settings;
pub mod member_settings;
pub mod moderation;
pub mod quotas;

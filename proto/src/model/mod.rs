//! The state that a server keeps and clients show: users, conversations, groups and settings.

pub mod audit;
pub mod conversation;
pub mod desk;
pub mod group;
pub mod notification;
pub mod people;
pub mod presence;
pub mod receipts;
pub mod retention;
pub mod search;
pub mod settings;
pub mod user;

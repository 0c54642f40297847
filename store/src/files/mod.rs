//! The data directory itself: its lock, format and free space, durable writes, attachments, and
//! upgrades.

pub mod attachments;
pub mod directory_id;
pub mod disk_reserve;
pub mod durable;
pub mod format;
pub mod lock;
pub mod poison;
pub mod upgrade;

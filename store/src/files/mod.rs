//! Files.

pub mod attachments;
pub mod disk_reserve;
pub mod durable;
pub mod format;
pub mod lock;
pub mod poison;

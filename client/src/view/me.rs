//! The user's own account and devices.

use cairn_proto::ids::DeviceId;
use cairn_proto::model::people::Profile;
use cairn_proto::model::presence::{DeviceKind, PresentDevice};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::DeviceInfo;
use cairn_proto::text::{Keyword, Password};
use cairn_proto::wire::request::people::{ChangeKeywords, GetKeywords, SetProfile};
use cairn_proto::wire::request::reading::{GetOwnReads, SetOwnReads};
use cairn_proto::wire::request::server::RevokeDevice;
use cairn_proto::wire::request::session::{ListDevices, SetPassword, SetPresence};

use crate::api::client::Client;
use crate::api::notifier::Notifier;
use crate::error::Error;
use crate::stream::event::Event;

/// The calls that concern the user's own account and devices. Created by [`Client::me`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Me<'a> {
    pub(crate) client: &'a Client,
}

impl Me<'_> {
    /// Returns the user's devices.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn devices(self) -> Result<Vec<DeviceInfo>, Error> {
        self.client.call(ListDevices).await.map(|list| list.0)
    }

    /// Revokes a device: its token becomes invalid and its sessions are closed. Revoking this
    /// client's own device ends the client with [`Error::Ended`]`(Revoked)`, possibly before this
    /// call returns.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchDevice`, or a [terminal error](Error#terminal-errors).
    pub async fn revoke_device(self, device: DeviceId) -> Result<(), Error> {
        self.client.call(RevokeDevice { device }).await
    }

    /// Sets or changes the user's password, with which they log in on further devices. `old` is
    /// needed if there is one. `end_other_devices` revokes all devices but this one.
    ///
    /// # Errors
    /// [`Error::Refused`] with `AuthFailed` if the old password is wrong, or `RateLimited`;
    /// [`Error::Disconnected`], after which the password may have been changed; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_password(
        self,
        old: Option<Password>,
        new: Password,
        end_other_devices: bool,
    ) -> Result<(), Error> {
        self.client
            .call(SetPassword {
                old,
                new,
                end_other_devices,
            })
            .await
    }

    /// Returns whether the user shares read receipts.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn reads(self) -> Result<Reads, Error> {
        self.client.call(GetOwnReads).await
    }

    /// Sets whether the user shares read receipts, and in return sees those of others. Applies to
    /// past reads too.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn set_reads(self, reads: Reads) -> Result<(), Error> {
        self.client.call(SetOwnReads { reads }).await
    }

    /// Returns the user's keywords, in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn keywords(self) -> Result<Vec<Keyword>, Error> {
        self.client.call(GetKeywords).await.map(|list| list.0)
    }

    /// Removes keywords, then adds others, and returns all of them. Those that differ only in case,
    /// width or blanks are one. The user's other devices receive [`crate::Update::Account`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `LimitReached` if there would be more than
    /// [`cairn_proto::limits::KEYWORDS_MAX`], or a [terminal error](Error#terminal-errors).
    pub async fn change_keywords(
        self,
        add: Vec<Keyword>,
        remove: Vec<Keyword>,
    ) -> Result<Vec<Keyword>, Error> {
        let changed = self.client.call(ChangeKeywords { add, remove }).await?;
        Ok(changed.0)
    }

    /// Requests what decides which messages notify the user.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn notifier(self) -> Result<Notifier, Error> {
        let mut concurrent_events = self.client.events_during_request();
        let keywords = self.keywords().await?;
        let contacts = self.client.people().contacts().await?;
        let mut notifier = Notifier::new(self.client.whoami().user, &keywords, &contacts);
        // An event that arrived during the requests may be newer than their answers.
        for event in concurrent_events.arrived() {
            if let Event::Update(update) = event {
                notifier.update(&update);
            }
        }
        Ok(notifier)
    }

    /// Replaces the user's profile. The user's other devices receive [`crate::Update::Account`].
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn set_profile(self, profile: Profile) -> Result<(), Error> {
        self.client.call(SetProfile { profile }).await
    }

    /// Declares this device's kind and whether its user is idle, for those who watch the user,
    /// until the client is closed: it is repeated on every new connection. By default, a client
    /// with push is a device of unknown kind that is not idle. Unless `is_away` is set, the server
    /// marks the device as idle by itself after the time of its setting `away-after` without user
    /// activity, until the next activity.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn set_presence(self, kind: DeviceKind, is_away: bool) -> Result<(), Error> {
        let present = PresentDevice { kind, is_away };
        self.client.call(SetPresence { present }).await
    }
}

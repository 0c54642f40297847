//! What admins of the server set up.

use cairn_proto::ids::{ConversationId, LinkId, UserId, VisitorId};
use cairn_proto::invite::DeskLink;
use cairn_proto::model::desk::{AgentConfig, DeskKeyInfo, QueueConfig, RouteRule};
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::{DeskText, Tag};
use cairn_proto::wire::request::desk::{
    CreateQueue, EraseVisitor, GetRouteRules, ListDeskKeys, RemoveAgent, RemoveQueue,
    RevokeDeskKey, SetAgent, SetCanned, SetQueue, SetRouteRules,
};
use cairn_proto::wire::request::session::NewDeskKey;

use crate::error::Error;
use crate::view::desk::Desk;

/// A new link to a desk.
#[derive(Clone, Debug)]
pub struct NewDeskLink {
    /// What visitors open.
    pub link: DeskLink,
    /// Names the link, to revoke it.
    pub id: LinkId,
    /// With which the shop signs who its visitors are. Cannot be retrieved again.
    pub secret: DeskSecret,
}

/// For admins of the server
impl Desk<'_> {
    /// Creates a queue.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NameTaken`, `LimitReached`, `BadRequest` for a setting out of
    /// bounds, or `Forbidden`; [`Error::Disconnected`], after which to check [`Desk::queues`]; or
    /// a [terminal error](Error#terminal-errors).
    pub async fn create_queue(self, config: QueueConfig) -> Result<ConversationId, Error> {
        self.client
            .call(CreateQueue {
                config: config.into(),
            })
            .await
    }

    /// Replaces the settings of a queue.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue`, `NameTaken`, `BadRequest` or `Forbidden`, or a
    /// [terminal error](Error#terminal-errors).
    pub async fn set_queue(self, queue: ConversationId, config: QueueConfig) -> Result<(), Error> {
        self.client
            .call(SetQueue {
                queue,
                config: config.into(),
            })
            .await
    }

    /// Removes a queue in which no inquiry is open. Its log stays.
    ///
    /// # Errors
    /// [`Error::Refused`] with `InquiryOpen`, `NoSuchQueue` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn remove_queue(self, queue: ConversationId) -> Result<(), Error> {
        self.client.call(RemoveQueue { queue }).await
    }

    /// Makes a user an agent, or replaces an agent's settings. A new agent is off duty.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchUser`, `NoSuchQueue`, `Deactivated`, `BadRequest` or
    /// `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn set_agent(self, user: UserId, config: AgentConfig) -> Result<(), Error> {
        self.client.call(SetAgent { user, config }).await
    }

    /// Ends that a user is an agent. What they hold goes back to its queues, to the front.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotAgent` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn remove_agent(self, user: UserId) -> Result<(), Error> {
        self.client.call(RemoveAgent { user }).await
    }

    /// Returns the routing rules, in their order.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn rules(self) -> Result<Vec<RouteRule>, Error> {
        self.client.call(GetRouteRules).await.map(|list| list.0)
    }

    /// Replaces the routing rules. Open inquiries keep their queues.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue`, `BadRequest` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_rules(self, rules: Vec<RouteRule>) -> Result<(), Error> {
        self.client.call(SetRouteRules { rules }).await
    }

    /// Sets a canned reply, or removes it with `None`.
    ///
    /// # Errors
    /// [`Error::Refused`] with `LimitReached` beyond [`cairn_proto::limits::CANNED_MAX`], or
    /// `Forbidden`; or a [terminal error](Error#terminal-errors).
    pub async fn set_canned(self, name: Tag, text: Option<DeskText>) -> Result<(), Error> {
        self.client.call(SetCanned { name, text }).await
    }

    /// Creates a link to a queue, for visitors. It is valid until it is revoked.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue`, `LimitReached` or `Forbidden`;
    /// [`Error::Disconnected`], after which [`Desk::links`] may list one that is not known; or a
    /// [terminal error](Error#terminal-errors).
    pub async fn create_link(
        self,
        queue: ConversationId,
        requires_signature: bool,
    ) -> Result<NewDeskLink, Error> {
        let request = NewDeskKey {
            queue,
            requires_signature,
        };
        let made = self.client.call(request).await?;
        let (_, pin) = self.client.server();
        Ok(NewDeskLink {
            link: DeskLink {
                addr: made.addr,
                pin,
                key: made.key,
            },
            id: made.id,
            secret: made.secret,
        })
    }

    /// Returns the links that were not revoked.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn links(self) -> Result<Vec<DeskKeyInfo>, Error> {
        self.client.call(ListDeskKeys).await.map(|list| list.0)
    }

    /// Revokes a link: no further visit begins with it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchQueue` if there is none, or `Forbidden`; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn revoke_link(self, id: LinkId) -> Result<(), Error> {
        self.client.call(RevokeDeskKey { id }).await
    }

    /// Erases a visitor: their inquiries with all messages, files and notes. Returns how many
    /// inquiries there were. Backups keep what they hold.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn erase_visitor(self, visitor: VisitorId) -> Result<u32, Error> {
        self.client.call(EraseVisitor { visitor }).await
    }
}

//! The setup of a world: users, devices and groups. The power may be cut during it, so each step is
//! tried until it is done.

use std::sync::Arc;

use cairn_client::{
    Account, Client, ConversationId, Error, ErrorCode, InviteLink, JoinRequest, LoginRequest,
    Password, Reconnect, UserId,
};
use tokio::time::{Duration, sleep, timeout};

use super::device::Owner;
use super::{ALL, DEVICES, GROUPS, HOSTS, USERS, World};
use crate::script::Script;

const PASSWORD: &str = "correct horse battery";

/// Of virtual time.
const SETUP_TIME_MAX: Duration = Duration::from_secs(600);

const PAUSE: Duration = Duration::from_millis(700);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn password() -> Password {
    Password::new(PASSWORD).expect("a valid password")
}

fn user_name(user: usize) -> String {
    format!("user{user}")
}

impl World {
    pub(super) async fn set_up(self: &Arc<Self>, script: &Script) -> Result<(), String> {
        timeout(SETUP_TIME_MAX, self.populate(script))
            .await
            .map_err(|_| "the setup is not complete".to_owned())?
    }

    async fn populate(self: &Arc<Self>, script: &Script) -> Result<(), String> {
        let owner = self.add_user(0, None).await?;
        let mut users = vec![owner.user];
        for user in 1..USERS {
            users.push(self.add_user(user, Some(&owner)).await?.user);
        }
        let further = if script.has_sessions { ALL } else { HOSTS };
        for no in (USERS..DEVICES).chain(HOSTS..further) {
            let Owner::User(user) = self.devices[no].owner else {
                continue;
            };
            let link = self.devices[user].account();
            let account = self.log_in(no, &link).await?.ok_or("a login fails")?;
            self.devices[no].state.lock().account = Some(account);
        }
        let client = self.builder(0).push(false).connect_offline(&owner);
        let client = client.map_err(|error| error.to_string())?;
        let mut places = Vec::new();
        for group in 0..GROUPS {
            let members = users[1..USERS - group].to_vec();
            places.push(self.add_group(&client, group, members).await?);
        }
        if script.has_desk {
            self.set_up_desk(&owner, &client, &users).await?;
        }
        client.close().await;
        for pair in [[0, 1], [1, 2]] {
            let direct = ConversationId::direct(users[pair[0]], users[pair[1]]);
            places.extend(direct);
        }
        // Set once.
        let _ = (self.users.set(users), self.places.set(places));
        (0..ALL).for_each(|no| self.start_process(no));
        Ok(())
    }

    /// Creates a user with a first device.
    async fn add_user(
        self: &Arc<Self>,
        user: usize,
        owner: Option<&Account>,
    ) -> Result<Account, String> {
        loop {
            self.server.up().await;
            let link = match owner {
                None => Some(self.server.invite().await),
                Some(owner) => self.new_invite(owner).await,
            };
            let Some(link) = link else {
                sleep(PAUSE).await;
                continue;
            };
            let who = JoinRequest {
                name: user_name(user).parse().map_err(|_| "a name is refused")?,
                password: Some(password()),
                device: "first".parse().map_err(|_| "a name is refused")?,
            };
            let builder = self.builder(user).reconnect(Reconnect::Never);
            let account = match builder.join(&link, who).await {
                Ok((client, account)) => {
                    client.close().await;
                    account
                }
                // The join was accepted, and its answer lost.
                Err(error) => match self.log_in_with(user, &link).await? {
                    Some(account) => account,
                    None => {
                        self.trace.note("setup", format_args!("no join: {error}"));
                        sleep(PAUSE).await;
                        continue;
                    }
                },
            };
            self.devices[user].state.lock().account = Some(account.clone());
            return Ok(account);
        }
    }

    async fn new_invite(&self, owner: &Account) -> Option<InviteLink> {
        let builder = self.builder(0).push(false).reconnect(Reconnect::Never);
        let client = builder.connect(owner).await.ok()?;
        let link = client.admin().create_invite(1, DAY).await;
        client.close().await;
        link.ok()
    }

    async fn log_in(&self, no: usize, known: &Account) -> Result<Option<Account>, String> {
        for _ in 0..100 {
            self.server.up().await;
            let login = LoginRequest {
                addr: known.addr.clone(),
                pin: known.pin,
                name: known.name.clone(),
                password: password(),
                device: "other".parse().map_err(|_| "a name is refused")?,
            };
            let builder = self.builder(no).reconnect(Reconnect::Never);
            match builder.login(login).await {
                Ok((client, account)) => {
                    client.close().await;
                    return Ok(Some(account));
                }
                Err(Error::LoginRefused {
                    code: ErrorCode::AuthFailed,
                    ..
                }) => return Ok(None),
                Err(error) => {
                    self.trace.note("setup", format_args!("no login: {error}"));
                    sleep(PAUSE).await;
                }
            }
        }
        Err("no login succeeds".to_owned())
    }

    /// Logs in a user who may have joined.
    async fn log_in_with(&self, user: usize, link: &InviteLink) -> Result<Option<Account>, String> {
        let known = Account {
            addr: link.addr.clone(),
            pin: link.pin,
            token: cairn_client::proto::secret::DeviceToken::new([0; 32]),
            user: UserId::new(0),
            name: user_name(user).parse().map_err(|_| "a name is refused")?,
            device: cairn_client::DeviceId::new(0),
        };
        self.log_in(user, &known).await
    }

    async fn add_group(
        &self,
        client: &Client,
        group: usize,
        members: Vec<UserId>,
    ) -> Result<ConversationId, String> {
        let name = format!("group{group}");
        loop {
            let name = name.parse().map_err(|_| "a name is refused")?;
            match client
                .conversations()
                .create_group(name, members.clone())
                .await
            {
                Ok(id) => return Ok(id),
                Err(Error::Disconnected | Error::Refused(ErrorCode::StorageFailed)) => {}
                Err(error) => return Err(format!("no group: {error}")),
            }
            sleep(PAUSE).await;
            // It may have been created.
            let items = client.conversations().list().await;
            let items = items.map_err(|error| format!("no list: {error}"))?;
            if let Some(item) = items.get(group) {
                return Ok(item.id);
            }
        }
    }
}

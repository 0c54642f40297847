//! Generates an evening: the opening, then random rounds.

use cairn_client::proto::model::group::{MemberSettings, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::retention::Retention;
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{Act, Chat, DEVICES, FileKind, GroupRules, Round, Seat, Step, Style, USERS, opening};

/// The most groups: few, so that users share them.
const GROUPS_MAX: usize = 6;

/// Distinct reactions, names and topics: few, so that values repeat.
const KINDS: usize = 4;

/// Acts choose among this many recent messages.
const RECENT: usize = 12;

/// Everything is compared once per this many steps, and at the end.
const STEPS_PER_COMPARE: usize = 400;

/// Generates the opening and random rounds of at least `steps` steps.
pub fn evening(seed: u64, steps: usize) -> Vec<Round> {
    let members = opening::GROUPS.iter().map(|&(creator, others)| {
        std::array::from_fn(|user| user == creator || others.contains(&user))
    });
    let mut generator = Generator {
        random: StdRng::seed_from_u64(seed),
        is_online: [[true; DEVICES]; USERS],
        creators: opening::GROUPS
            .iter()
            .map(|&(creator, _)| creator)
            .collect(),
        members: members.collect(),
    };
    let mut rounds: Vec<Round> = opening::acts()
        .map(|(user, act)| generator.alone(user, act))
        .collect();
    rounds.extend(opening::crashes());
    let (mut generated, mut compared) = (0, 0);
    while generated < steps {
        let round = generator.round();
        generated += match &round {
            Round::Together(steps) | Round::Crash(steps) => steps.len(),
            _ => 1,
        };
        let is_crash = matches!(round, Round::Crash(_));
        rounds.push(round);
        if generated - compared >= STEPS_PER_COMPARE || (is_crash && generator.chance(3)) {
            compared = generated;
            rounds.extend(generator.compare());
        }
    }
    rounds.extend(generator.compare());
    rounds
}

struct Generator {
    random: StdRng,
    is_online: [[bool; DEVICES]; USERS],
    /// The creator of each group.
    creators: Vec<usize>,
    /// The members of each group if no request is refused, so that most acts are permitted.
    members: Vec<[bool; USERS]>,
}

impl Generator {
    fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// An online device of the user. The first device never goes offline.
    fn seat(&mut self, user: usize) -> Seat {
        let device = self.below(DEVICES);
        let is_online = self.is_online[user][device];
        Seat {
            user,
            device: if is_online { device } else { 0 },
        }
    }

    fn alone(&mut self, user: usize, act: Act) -> Round {
        let by = self.seat(user);
        Round::Together(vec![Step { by, act }])
    }

    fn other(&mut self, user: usize) -> usize {
        (user + 1 + self.below(USERS - 1)) % USERS
    }

    fn round(&mut self) -> Round {
        match self.below(100) {
            0..10 => self.connect_or_disconnect(),
            10 => {
                // Rounds of reads alone force no commit, so a killed server loses the reads.
                let act = if self.chance(2) {
                    Self::mark_read
                } else {
                    Self::act
                };
                Round::Crash(self.steps(8, act))
            }
            11 => Round::Restart,
            12..15 if self.creators.len() < GROUPS_MAX => self.create(),
            12..60 => Round::Together(self.steps(1, Self::act)),
            _ => {
                let count = 2 + self.below(8);
                Round::Together(self.steps(count, Self::act))
            }
        }
    }

    fn create(&mut self) -> Round {
        let (user, count) = (self.below(USERS), self.below(USERS));
        let others: Vec<usize> = (0..count).map(|_| self.other(user)).collect();
        self.creators.push(user);
        self.members.push(std::array::from_fn(|member| {
            member == user || others.contains(&member)
        }));
        self.alone(user, Act::Create { others })
    }

    fn steps(&mut self, count: usize, act: fn(&mut Self) -> (usize, Act)) -> Vec<Step> {
        let mut step = |_| {
            let (user, act) = act(self);
            self.expect_members(user, &act);
            let by = self.seat(user);
            Step { by, act }
        };
        (0..count).map(&mut step).collect()
    }

    fn expect_members(&mut self, by: usize, act: &Act) {
        match *act {
            Act::Add { group, user } => self.members[group][user] = true,
            Act::Join { group } => self.members[group][by] = true,
            Act::Kick {
                group,
                member: user,
            }
            | Act::Ban { group, user } => self.members[group][user] = false,
            Act::Leave { group } => self.members[group][by] = false,
            _ => {}
        }
    }

    fn connect_or_disconnect(&mut self) -> Round {
        let seat = Seat {
            user: self.below(USERS),
            device: 1 + self.below(DEVICES - 1),
        };
        let is_online = &mut self.is_online[seat.user][seat.device];
        *is_online = !*is_online;
        if *is_online {
            Round::Online(seat)
        } else {
            Round::Offline(seat)
        }
    }

    /// Brings every device online, and compares.
    fn compare(&mut self) -> Vec<Round> {
        let mut rounds = Vec::new();
        for user in 0..USERS {
            for device in 0..DEVICES {
                if !std::mem::replace(&mut self.is_online[user][device], true) {
                    rounds.push(Round::Online(Seat { user, device }));
                }
            }
        }
        rounds.push(Round::Compare);
        rounds
    }

    fn chat(&mut self, user: usize) -> Chat {
        let groups: Vec<usize> = (0..self.members.len())
            .filter(|&group| self.members[group][user])
            .collect();
        match self.below(4) {
            0 => Chat::Direct(self.other(user)),
            _ if groups.is_empty() || self.chance(20) => {
                Chat::Group(self.below(self.members.len()))
            }
            _ => Chat::Group(groups[self.below(groups.len())]),
        }
    }

    fn style(&mut self, user: usize) -> Style {
        match self.below(8) {
            0..3 => Style::Plain,
            3 => Style::Emote,
            4 => Style::Emoji,
            5 => Style::Reply(self.below(RECENT)),
            6 => Style::Mention(vec![self.other(user), self.below(USERS)]),
            _ => Style::MentionAll,
        }
    }

    fn act(&mut self) -> (usize, Act) {
        if self.chance(4) {
            self.group_act()
        } else {
            self.chat_act()
        }
    }

    /// An act that needs no special role.
    fn chat_act(&mut self) -> (usize, Act) {
        let user = self.below(USERS);
        let (at, message, emoji) = (self.chat(user), self.below(RECENT), self.below(KINDS));
        let act = match self.below(25) {
            0..7 => {
                let style = self.style(user);
                let is_burst = self.chance(3);
                let count = if is_burst { 1 + self.below(40) } else { 1 };
                Act::Send {
                    to: at,
                    style,
                    count,
                }
            }
            7..9 => Act::Edit { at, message },
            9 => Act::Recall { at, message },
            10 => Act::RecallAny { at, message },
            11..13 => Act::React { at, message, emoji },
            13 => Act::Unreact { at, message, emoji },
            14 => Act::Pin { at, message },
            15 => Act::Unpin { at, message },
            16..18 => Act::MarkRead { at, message },
            18 => {
                let [is_quiet, favourite, hidden] = [(); 3].map(|()| self.chance(2));
                let level = match is_quiet {
                    true => NotificationLevel::Nothing,
                    false => NotificationLevel::All,
                };
                let settings = MemberSettings {
                    notifications: Notifications { level, until: None },
                    favourite,
                    hidden,
                };
                Act::SetMemberSettings { at, settings }
            }
            19 if self.chance(4) => {
                let is_shared = self.chance(2);
                Act::ShareReads { is_shared }
            }
            19 => Act::MarkUnread { at, message },
            20 => {
                let to = self.chat(user);
                Act::Forward {
                    from: at,
                    message,
                    to,
                }
            }
            21 => {
                let kind = FileKind::ALL[self.below(FileKind::ALL.len())];
                Act::SendFile { to: at, kind }
            }
            22 => Act::Download { at, file: message },
            23 => {
                let between = self.below(4);
                Act::SendAgain { to: at, between }
            }
            _ => {
                let (with, act) = (self.other(user), self.relation_act());
                Act::Relate { with, act }
            }
        };
        (user, act)
    }

    fn mark_read(&mut self) -> (usize, Act) {
        let user = self.below(USERS);
        let (at, message) = (self.chat(user), self.below(RECENT));
        (user, Act::MarkRead { at, message })
    }

    fn retention(&mut self) -> Option<Retention> {
        match self.below(6) {
            0 => None,
            1..3 => Some(Retention::Keep),
            3..5 => Some(Retention::Days(1)),
            _ => Some(Retention::UntilAcked { cap_days: 1 }),
        }
    }

    fn relation_act(&mut self) -> RelationAct {
        match self.below(10) {
            0..2 => RelationAct::AskFriend,
            2..4 => RelationAct::AcceptFriend,
            4 => RelationAct::DeclineFriend,
            5 => RelationAct::RemoveFriend,
            6 => RelationAct::Follow,
            7 => RelationAct::Unfollow,
            8 => RelationAct::Block,
            _ => RelationAct::Unblock,
        }
    }

    /// A change of a group's members or settings, most often by its creator.
    fn group_act(&mut self) -> (usize, Act) {
        let group = self.below(self.creators.len());
        let by = if self.chance(3) {
            self.below(USERS)
        } else {
            self.creators[group]
        };
        let user = self.other(by);
        let member = user;
        let act = match self.below(18) {
            0 => {
                let name = self.below(KINDS);
                Act::Rename { group, name }
            }
            1 => {
                let topic = self.below(KINDS);
                Act::SetTopic { group, topic }
            }
            2 => {
                let rules = self.rules();
                Act::SetGroupSettings { group, rules }
            }
            3..5 => {
                let role = [Role::Member, Role::Admin, Role::Owner][self.below(3)];
                Act::SetRole {
                    group,
                    member,
                    role,
                }
            }
            5 => Act::HandOver { group, member },
            6..9 => Act::Add { group, user },
            9 => Act::Kick { group, member },
            10 if self.chance(2) => return (user, Act::Leave { group }),
            10..12 => return (user, Act::Join { group }),
            12 => Act::Ban { group, user },
            13 => Act::Unban { group, user },
            14 => {
                let count = 1 + self.below(20);
                return (0, Act::Import { group, count });
            }
            15 => {
                let (at, retention) = (Chat::Group(group), self.retention());
                Act::SetRetention { at, retention }
            }
            _ => {
                let is_over = !self.chance(3);
                Act::Mute {
                    group,
                    member,
                    is_over,
                }
            }
        };
        (by, act)
    }

    fn rules(&mut self) -> GroupRules {
        let [is_open, from_join, is_announcement] = [2, 2, 6].map(|one_in| self.chance(one_in));
        GroupRules {
            is_open,
            from_join,
            is_announcement,
        }
    }
}

//! Generators of requests that a session handles itself, those about the server, and their answers.

use cairn_proto::ids::LinkId;
use cairn_proto::model::user::{DeviceInfo, InviteInfo, InvitePage};
use cairn_proto::secret::ResetToken;
use cairn_proto::wire::metrics::{
    Bucket, CheckpointMetrics, ClockMetrics, DeskMetrics, Metrics, SearchMetrics,
};
use cairn_proto::wire::request::server::{
    DeactivateUser, ListAudit, ListInvites, ListSettings, ReactivateUser, RevokeDevice,
    RevokeInvite, SetServerRole, SetSetting,
};
use cairn_proto::wire::request::session::{
    CreateInvite, CreateReset, Focus, GetMetrics, ListConversations, ListDevices, NewInvite,
    NewReset, Pull, PullRange, Pulled, Search, SetPassword, SetPresence, Watch,
};
use cairn_proto::wire::request::{Answer, List, Request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::overview::{conversation_page, moment, overview_place};
use super::people::{presence, present_device, setting, setting_name, setting_value};
use super::search::{found, search};
use super::{
    conversation_id, device_id, device_name, encoded, invite_token, msgid, number, password, run,
    server_addr, server_role, small, timestamp, user_id, users,
};

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![session().boxed(), server().boxed()]
}

fn session() -> impl Strategy<Value = Request> {
    prop_oneof![
        (conversation_id(), range(), small()).prop_map(|(conversation, range, limit)| {
            Pull {
                conversation,
                range,
                limit,
            }
            .into()
        }),
        (option::of(moment()), option::of(overview_place()))
            .prop_map(|(since, after)| ListConversations { since, after }.into()),
        users().prop_map(|users| Watch { users }.into()),
        option::of(conversation_id()).prop_map(|conversation| Focus { conversation }.into()),
        present_device().prop_map(|present| SetPresence { present }.into()),
        Just(ListDevices.into()),
        (small(), number())
            .prop_map(|(uses, life_seconds)| CreateInvite { uses, life_seconds }.into()),
        Just(GetMetrics.into()),
        (option::of(password()), password(), any::<bool>()).prop_map(|(old, new, end)| {
            SetPassword {
                old,
                new,
                end_other_devices: end,
            }
            .into()
        }),
        (user_id(), any::<bool>()).prop_map(|(user, keep_devices)| CreateReset {
            user,
            keep_devices
        }
        .into()),
        search().prop_map(Request::from),
    ]
}

fn server() -> impl Strategy<Value = Request> {
    prop_oneof![
        device_id().prop_map(|device| RevokeDevice { device }.into()),
        Just(ListSettings.into()),
        (setting_name(), setting_value())
            .prop_map(|(name, value)| SetSetting { name, value }.into()),
        (user_id(), server_role()).prop_map(|(user, role)| SetServerRole { user, role }.into()),
        any::<u64>().prop_map(|first| ListAudit { first }.into()),
        user_id().prop_map(|user| DeactivateUser { user }.into()),
        user_id().prop_map(|user| ReactivateUser { user }.into()),
        option::of(link_id()).prop_map(|after| ListInvites { after }.into()),
        link_id().prop_map(|invite| RevokeInvite { invite }.into()),
    ]
}

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    let pulled =
        (run(), msgid(), msgid()).prop_map(|(run, head, floor)| Pulled { run, head, floor });
    let invite =
        (server_addr(), invite_token(), any::<u32>()).prop_map(|(addr, token, id)| NewInvite {
            addr,
            token,
            id: LinkId::new(id),
        });
    let reset = (server_addr(), any::<[u8; 16]>()).prop_map(|(addr, token)| NewReset {
        addr,
        token: ResetToken::new(token),
    });
    prop_oneof![
        pulled.prop_map(encoded::<Pull>).boxed(),
        conversation_page()
            .prop_map(encoded::<ListConversations>)
            .boxed(),
        vec(presence(), 0..5)
            .prop_map(|users| encoded::<Watch>(List(users)))
            .boxed(),
        vec(device(), 0..9)
            .prop_map(|devices| encoded::<ListDevices>(List(devices)))
            .boxed(),
        invite.prop_map(encoded::<CreateInvite>).boxed(),
        metrics().prop_map(encoded::<GetMetrics>).boxed(),
        invite_page().prop_map(encoded::<ListInvites>).boxed(),
        reset.prop_map(encoded::<CreateReset>).boxed(),
        found().prop_map(encoded::<Search>).boxed(),
        vec(setting(), 0..5)
            .prop_map(|settings| encoded::<ListSettings>(List(settings)))
            .boxed(),
        setting().prop_map(encoded::<SetSetting>).boxed(),
        vec(conversation_id(), 0..9)
            .prop_map(|groups| encoded::<DeactivateUser>(List(groups)))
            .boxed(),
    ]
}

fn link_id() -> impl Strategy<Value = LinkId> {
    any::<u32>().prop_map(LinkId::new)
}

fn invite_page() -> impl Strategy<Value = InvitePage> {
    let info = (
        (link_id(), server_role(), option::of(user_id())),
        (small(), timestamp(), small()),
        users(),
    )
        .prop_map(
            |((id, role, maker), (uses_left, expires_at, uses), used_by)| InviteInfo {
                id,
                role,
                maker,
                uses_left,
                expires_at,
                uses,
                used_by,
            },
        );
    (vec(info, 0..5), option::of(link_id()))
        .prop_map(|(items, next_after)| InvitePage { items, next_after })
}

fn range() -> impl Strategy<Value = PullRange> {
    prop_oneof![
        msgid().prop_map(PullRange::From),
        msgid().prop_map(PullRange::Before)
    ]
}

fn device() -> impl Strategy<Value = DeviceInfo> {
    (
        device_id(),
        device_name(),
        timestamp(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(id, name, created_at, current, online)| DeviceInfo {
            id,
            name,
            created_at,
            current,
            online,
        })
}

fn metrics() -> impl Strategy<Value = Metrics> {
    let six = || prop::array::uniform6(number());
    let buckets = vec(
        (number(), number()).prop_map(|(up_to_micros, count)| Bucket {
            up_to_micros,
            count,
        }),
        0..9,
    );
    (number(), six(), six(), buckets).prop_map(|(uptime_micros, counts, checkpoints, buckets)| {
        let [
            sessions,
            commands,
            commits,
            entries,
            log_bytes,
            prepared_bytes,
        ] = counts;
        let [done, micros, moved, blocks, block_bytes, rows] = checkpoints;
        let checkpoints = CheckpointMetrics {
            done,
            micros,
            entries: moved,
            blocks,
            block_bytes,
            rows,
        };
        let (waits, syncs) = buckets
            .into_iter()
            .partition::<Vec<_>, _>(|one| one.count % 2 == 0);
        let (waits, syncs) = (waits.into_iter().collect(), syncs.into_iter().collect());
        Metrics {
            uptime_micros,
            sessions,
            commands,
            commits,
            entries,
            log_bytes,
            prepared_bytes,
            syncs,
            checkpoints,
            clock: ClockMetrics {
                time_ms: entries,
                system_ms: log_bytes,
                has_jumped: rows % 2 == 0,
            },
            waits,
            delayed: commands,
            too_fast: commits,
            searches: SearchMetrics {
                requests: commands,
                refused: sessions,
                blocks: rows,
                micros: entries,
            },
            desk: DeskMetrics {
                waiting: sessions,
                steps: commands,
                visited: rows,
                ..DeskMetrics::default()
            },
        }
    })
}

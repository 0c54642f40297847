use cairn_proto::wire::request::group::ListMembers;

use super::*;

fn texts(driver: &mut Driver, group: usize) -> Vec<(MsgId, Text)> {
    let (mut all, mut from) = (Vec::new(), MsgId::new(1));
    while let Some((texts, next)) = driver.texts(group, from).unwrap() {
        all.extend(texts);
        from = next;
    }
    all
}

#[test]
fn messages_survive_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut driver = Driver::create(dir.path(), 2, 0).unwrap();
    let mut sent = Vec::new();
    for round in 0..2 {
        for number in 0..100 {
            let text = Text::new(format!("{round} {number}")).unwrap();
            sent.push((driver.send(1, text.clone()).unwrap(), text));
        }
        driver.commit().unwrap();
        assert_eq!(texts(&mut driver, 1), sent, "from memory");
        driver.close().unwrap();
        driver = Driver::open(dir.path()).unwrap();
        assert_eq!(texts(&mut driver, 1), sent, "from the trees");
    }
    assert_eq!(texts(&mut driver, 0), []);
}

#[test]
fn members_may_exceed_the_uses_of_an_invite() {
    let dir = tempfile::tempdir().unwrap();
    let mut driver = Driver::create(dir.path(), 1, u64::from(INVITE_USES_MAX) + 1).unwrap();
    let users: Vec<UserId> = (2..=INVITE_USES_MAX + 2).map(UserId::new).collect();
    let (mut members, mut after) = (Vec::new(), None);
    loop {
        let conversation = driver.groups[0];
        let page = driver
            .ask(ListMembers {
                conversation,
                after,
            })
            .unwrap();
        members.extend(page.items.iter().map(|member| member.user.id));
        after = page.next_after;
        if after.is_none() {
            break;
        }
    }
    members.retain(|&user| user != driver.sender.user);
    assert_eq!(members, users);
}

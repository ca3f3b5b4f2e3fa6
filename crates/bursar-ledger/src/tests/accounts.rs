use bursar_domain::time::Timestamp;

use super::world::{NOW, places};
use crate::{Account, AccountChange, Change, Error, ForeignIdentity, Ledger, NewLink};

const NEVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(0));

pub(super) fn make(id: &str, name: &str) -> Change {
    create(id, name, false)
}

fn create(id: &str, name: &str, is_first: bool) -> Change {
    let account = Account {
        id: id.into(),
        name: name.into(),
        role: "admin".into(),
        team: None,
        identity: Some(ForeignIdentity {
            issuer: "https://id.example".into(),
            subject: format!("subject of {id}"),
        }),
        password_hash: None,
        created_at: Timestamp(0),
        disabled_at: None,
    };
    let link = NewLink { token_hmac: format!("link {id}"), expires_at: Timestamp(NOW.0 + 1_000) };
    let account = Box::new(account);
    Change::Account(AccountChange::Create { account, link: Some(link), is_first })
}

fn sign_in(id: &str, token: &str, instead_of: Option<&str>) -> Change {
    Change::Account(AccountChange::SignIn {
        id: id.into(),
        token_hmac: token.into(),
        instead_of: instead_of.map(str::to_owned),
        over: NEVER,
    })
}

fn use_link(token: &str) -> Change {
    Change::Account(AccountChange::UseLink {
        token_hmac: token.into(),
        password_hash: "hash".into(),
    })
}

async fn change(ledger: &Ledger, change: Change) -> Result<bool, Error> {
    Ok(ledger.change("ann", vec![change]).await?.iter().all(crate::Changed::is_change))
}

#[tokio::test]
async fn an_account_is_made_once_and_its_link_sets_a_password_once() {
    for place in places().await {
        let ledger = place.open().await;
        assert!(change(&ledger, create("acc_1", "ann", true)).await.unwrap());
        for taken in [make("acc_1", "bob"), make("acc_2", "ann"), create("acc_2", "bob", true)] {
            assert!(matches!(change(&ledger, taken).await, Err(Error::Taken { .. })));
        }
        let of = ledger.password_link("link acc_1", NOW).await.unwrap();
        assert_eq!(of.as_deref(), Some("acc_1"));
        let late = Timestamp(NOW.0 + 1_000);
        assert_eq!(ledger.password_link("link acc_1", late).await.unwrap(), None);
        assert!(change(&ledger, use_link("link acc_1")).await.unwrap());
        assert!(change(&ledger, use_link("link acc_1")).await.is_err(), "it is gone");
        let [account] = ledger.accounts().await.unwrap().try_into().unwrap();
        assert_eq!(account.password_hash.as_deref(), Some("hash"));
        let told = format!("{:?}", ledger.changes(None, None, 100).await.unwrap());
        assert!(told.contains("user password") && !told.contains("hash"), "{told}");
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_session_ends_with_its_sign_out_its_successor_its_account_and_its_password() {
    for place in places().await {
        let ledger = place.open().await;
        let live = async |token: &str| ledger.session(token).await.unwrap().is_some();
        change(&ledger, make("acc_1", "ann")).await.unwrap();
        change(&ledger, sign_in("acc_1", "one", None)).await.unwrap();
        change(&ledger, sign_in("acc_1", "two", Some("one"))).await.unwrap();
        assert_eq!((live("one").await, live("two").await, live("").await), (false, true, false));
        let out = AccountChange::SignOut { token_hmac: "two".into(), id: "acc_1".into() };
        assert!(change(&ledger, Change::Account(out.clone())).await.unwrap());
        assert!(!change(&ledger, Change::Account(out)).await.unwrap(), "once");
        assert!(!live("two").await);
        change(&ledger, sign_in("acc_1", "three", None)).await.unwrap();
        let able = |may| Change::Account(AccountChange::Able { id: "acc_1".into(), may });
        assert!(change(&ledger, able(false)).await.unwrap());
        assert!(!change(&ledger, able(false)).await.unwrap());
        assert!(change(&ledger, able(true)).await.unwrap());
        assert!(!live("three").await, "it does not come back");
        assert!(change(&ledger, use_link("link acc_1")).await.is_err(), "nor does the link");
        change(&ledger, sign_in("acc_1", "four", None)).await.unwrap();
        let link = NewLink { token_hmac: "l".into(), expires_at: Timestamp(NOW.0 + 1) };
        let reset = AccountChange::Reset { id: "acc_1".into(), link };
        change(&ledger, Change::Account(reset)).await.unwrap();
        assert!(!live("four").await);
        ledger.end().await;
    }
}

#[tokio::test]
async fn being_seen_is_no_line_of_the_audit_log_and_old_sessions_are_swept_at_a_sign_in() {
    for place in places().await {
        let (clock, hands) = super::world::moving_clock(NOW);
        let ledger = place.open_with(|options| options.clock = clock).await.unwrap();
        change(&ledger, make("acc_1", "ann")).await.unwrap();
        change(&ledger, sign_in("acc_1", "one", None)).await.unwrap();
        let begun = ledger.session("one").await.unwrap().unwrap();
        let lines = ledger.changes(None, None, 100).await.unwrap().len();
        hands.set(NOW.0 + 60_000);
        let seen = AccountChange::Seen { token_hmac: "one".into() };
        change(&ledger, Change::Account(seen)).await.unwrap();
        let now = ledger.session("one").await.unwrap().unwrap();
        assert!(now.seen_at > begun.seen_at && now.begun_at == begun.begun_at, "{now:?}");
        assert_eq!(ledger.changes(None, None, 100).await.unwrap().len(), lines);
        let over = (begun.begun_at, Timestamp(0));
        let next = AccountChange::SignIn {
            id: "acc_1".into(),
            token_hmac: "two".into(),
            instead_of: None,
            over,
        };
        change(&ledger, Change::Account(next)).await.unwrap();
        assert!(ledger.session("one").await.unwrap().is_none());
        ledger.end().await;
    }
}

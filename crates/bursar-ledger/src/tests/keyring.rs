//! Who has which key, by heart: told apart, and known to other processes soon after a change.

use bursar_domain::entropy::Entropy;
use bursar_domain::time::Timestamp;

use super::access::{end_team, key_change, team};
use super::outage::{Outage, until};
use super::world::{NOW, places};
use crate::bearer::{access_key_id, new_bearer};
use crate::{KeyChange, KeyTerms, Ledger, MasterKey, Secret};

const KEY: &str = "key_abcd2345";
const OTHER: &str = "key_bcde3456";

fn master() -> MasterKey {
    MasterKey::parse(&"0123456789abcdef".repeat(4)).unwrap()
}

/// Makes a key, and gives back its bearer secret.
async fn make(ledger: &Ledger, id: &str, expires_at: Option<Timestamp>) -> Secret {
    let secret = new_bearer(id, &Entropy::system());
    let create = KeyChange::Create {
        id: id.to_owned(),
        team: "team_1".to_owned(),
        name: id.to_owned(),
        terms: KeyTerms { expires_at, ..KeyTerms::default() },
        secret_hmac: hex::encode(master().hash(secret.expose())),
    };
    ledger.change("a test", vec![key_change(create)]).await.unwrap();
    secret
}

/// The key and the team of who has a secret.
async fn holder(ledger: &Ledger, secret: &Secret, at: Timestamp) -> Option<(String, String)> {
    let found = ledger.holder_of_bearer(&master(), secret.expose(), at).await.unwrap()?;
    Some((found.holder.key.id.clone(), found.holder.team.clone()))
}

#[tokio::test]
async fn who_has_a_key_is_known_and_nobody_else() {
    for place in places().await {
        let ledger = place.open().await;
        ledger.change("a test", vec![team("team_1", "research")]).await.unwrap();
        let secret = make(&ledger, KEY, None).await;
        let short = make(&ledger, OTHER, Some(Timestamp(NOW.0 + 1_000))).await;
        let known = Some((KEY.to_owned(), "research".to_owned()));
        assert_eq!(holder(&ledger, &secret, NOW).await, known);
        assert_eq!(holder(&ledger, &new_bearer(KEY, &Entropy::system()), NOW).await, None);
        assert_eq!(holder(&ledger, &short, NOW).await.unwrap().0, OTHER);
        assert_eq!(holder(&ledger, &short, Timestamp(NOW.0 + 1_000)).await, None, "expired");
        // Another master key has other hashes.
        let stranger = MasterKey::parse(&"fedcba9876543210".repeat(4)).unwrap();
        let found = ledger.holder_of_bearer(&stranger, secret.expose(), NOW).await.unwrap();
        assert!(found.is_none());
        let pair = access_key_id(KEY, 1);
        let (proven, signs) = ledger.holder_of_pair(&master(), &pair, NOW).await.unwrap().unwrap();
        assert_eq!((proven.generation, signs), (1, master().sigv4_secret(KEY, 1)));
        let next = access_key_id(KEY, 2);
        assert!(ledger.holder_of_pair(&master(), &next, NOW).await.unwrap().is_none());
        let revoke = KeyChange::Revoke { id: KEY.to_owned() };
        ledger.change("a test", vec![key_change(revoke)]).await.unwrap();
        assert_eq!(holder(&ledger, &secret, NOW).await, None);
        ledger.end().await;
    }
}

#[tokio::test]
async fn a_change_is_soon_known_to_every_other_process() {
    for place in places().await.into_iter().filter(super::world::Place::is_shared) {
        let (here, there) = (place.open().await, place.open().await);
        here.change("a test", vec![team("team_1", "research")]).await.unwrap();
        let first = make(&here, KEY, None).await;
        until("the first key is known", async || holder(&there, &first, NOW).await.is_some()).await;
        // The other process has just looked, and looks again.
        let second = make(&here, OTHER, None).await;
        until("the second is", async || holder(&there, &second, NOW).await.is_some()).await;
        let revoke = KeyChange::Revoke { id: KEY.to_owned() };
        here.change("a test", vec![key_change(revoke)]).await.unwrap();
        until("the first is gone", async || holder(&there, &first, NOW).await.is_none()).await;
        here.change("a test", vec![end_team("team_1", true)]).await.unwrap();
        until("so is the second", async || holder(&there, &second, NOW).await.is_none()).await;
        there.close().await.unwrap();
        here.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_ledger_is_away_who_was_known_is_known_and_nobody_waits_long() {
    for mut outage in Outage::both().await {
        let ledger = outage.place().open().await;
        ledger.change("a test", vec![team("team_1", "research")]).await.unwrap();
        let secret = make(&ledger, KEY, None).await;
        assert!(holder(&ledger, &secret, NOW).await.is_some());
        outage.begin().await;
        ledger.keyring.distrust();
        let asked: Vec<_> =
            (0..100).map(|_| tokio::spawn(ask(ledger.clone(), secret.clone()))).collect();
        for asked in asked {
            assert!(asked.await.unwrap());
        }
        outage.end().await;
        ledger.end().await;
    }
}

async fn ask(ledger: Ledger, secret: Secret) -> bool {
    holder(&ledger, &secret, NOW).await.is_some()
}

use bursar_domain::time::Timestamp;

use super::world::{NOW, places};
use crate::{AdminKey, AdminKeyChange, Change, Error};

pub(super) fn make(id: &str, name: &str) -> Change {
    Change::AdminKey(AdminKeyChange::Create(AdminKey {
        id: id.into(),
        name: name.into(),
        role: "admin".into(),
        secret_hmac: format!("hash of {id}"),
        created_at: Timestamp(0),
        expires_at: Some(Timestamp(NOW.0 + 1)),
        revoked_at: None,
    }))
}

pub(super) fn revoke(id: &str) -> Change {
    Change::AdminKey(AdminKeyChange::Revoke { id: id.into() })
}

#[tokio::test]
async fn an_admin_key_is_made_once_and_ends_once_and_its_name_is_free_again() {
    for place in places().await {
        let ledger = place.open().await;
        let change = async |change| ledger.change("ann", vec![change]).await;
        change(make("adm_1", "terraform")).await.unwrap();
        for taken in [make("adm_1", "other"), make("adm_2", "terraform")] {
            assert!(matches!(change(taken).await, Err(Error::Taken { .. })));
        }
        let [key] = ledger.admin_keys().await.unwrap().try_into().unwrap();
        assert_eq!((key.role.as_str(), key.revoked_at), ("admin", None));
        assert_eq!(key.expires_at, Some(Timestamp(NOW.0 + 1)));
        assert_ne!(key.created_at, Timestamp(0), "the ledger's clock says when");
        let ended = change(revoke("adm_1")).await.unwrap().pop().unwrap();
        assert!(ended.is_change() && !format!("{ended:?}").contains("hash"), "{ended:?}");
        let again = change(revoke("adm_1")).await.unwrap().pop().unwrap();
        assert!(!again.is_change(), "{again:?}");
        assert!(matches!(change(revoke("adm_9")).await, Err(Error::UnknownAccess { .. })));
        change(make("adm_2", "terraform")).await.unwrap();
        let keys = ledger.admin_keys().await.unwrap();
        assert_eq!(keys.iter().filter(|key| key.revoked_at.is_none()).count(), 1);
        assert_eq!(ledger.changes(None, None, 100).await.unwrap().len(), 3);
        ledger.end().await;
    }
}

//! Client tokens: the same operation, step, attempt and subnet always give the same one, and they are journalled
//! before the call. EC2 keeps tokens per zone, so the subnet is part of them: the same token in another zone would
//! launch a second instance (EC2 Developer Guide, "Ensuring idempotency").

use sha2::{Digest as _, Sha256};

use crate::types::OperationId;

/// Longest token that EC2 takes, in ASCII characters.
const LENGTH: usize = 64;

/// The token of one attempt.
pub fn client_token(operation: &OperationId, step: &str, attempt: u32, subnet: &str) -> String {
    let digest = Sha256::digest(format!("{operation}|{step}|{attempt}|{subnet}"));
    let mut token: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    token.truncate(LENGTH);
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_tells_tokens_apart() {
        let id = OperationId::new("op-1");
        let token = client_token(&id, "launch", 1, "subnet-a");
        assert_eq!(token, client_token(&id, "launch", 1, "subnet-a"));
        assert_eq!(token.len(), 64);
        assert_ne!(token, client_token(&OperationId::new("op-2"), "launch", 1, "subnet-a"));
        assert_ne!(token, client_token(&id, "launch", 2, "subnet-a"));
        assert_ne!(token, client_token(&id, "launch", 1, "subnet-b"));
        assert_ne!(token, client_token(&id, "other", 1, "subnet-a"));
    }
}

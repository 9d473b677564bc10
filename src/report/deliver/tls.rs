//! Trouble with TLS, in words that say what to do.

/// What is wrong with TLS, if an error's text is of that. The library that makes it is behind others here, so its words
/// are all there is; they are looked at and never repeated.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    // The first that fits: all but the last two are about certificates.
    const PROBLEMS: [(&str, &str); 9] = [
        (
            "unknownissuer",
            "nobody whom this system trusts has issued its certificate: add its authority to the system's store, or name a \
             file of authorities in SSL_CERT_FILE",
        ),
        ("certificate not valid for name", "its certificate is for another name"),
        ("notvalidforname", "its certificate is for another name"),
        ("notvalidyet", "its certificate is not valid yet: is the clock of this system right?"),
        ("expired", "its certificate has expired"),
        ("revoked", "its certificate was revoked"),
        ("certificate", "its certificate is not trusted"),
        ("corrupt message", "it speaks no TLS at this port"),
        ("", "no agreement was reached"),
    ];
    let is_tls = ["certificate", "tls handshake", "corrupt message", "alert:", "peer misbehaved"]
        .iter()
        .any(|word| text.contains(word));
    PROBLEMS.iter().find(|(word, _)| text.contains(word)).filter(|_| is_tls).map(|(_, problem)| *problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_with_tls_is_known_by_its_words() {
        for (text, expected) in [
            ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            ("invalid peer certificate: certificate expired: verification time 1", "has expired"),
            ("invalid peer certificate: Expired", "has expired"),
            ("invalid peer certificate: certificate not valid for name \"a\"", "another name"),
            ("invalid peer certificate: BadSignature", "not trusted"),
            ("received corrupt message of type InvalidContentType", "no TLS at this port"),
            ("received fatal alert: HandshakeFailure", "no agreement"),
        ] {
            assert!(problem(text).is_some_and(|told| told.contains(expected)), "{text}");
        }
        for text in ["tcp connect error", "connection refused", "the lease has expired"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }
}

//! Reads policy bundles and their keys from disk, and takes none that the configuration does not allow.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use cattleguard_agent::sign::PublicKey;

use super::config::PolicyConfig;
use super::error::AppError;
use super::exit::Exit;
use crate::evaluate::archive::{Bundle, BundleError, MOST_BYTES, package_of};
use crate::evaluate::{PolicySource, shipped};
use crate::store::TakenBundle;

/// Whether a path names a bundle.
pub fn is_bundle(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (name.ends_with(".tar.gz") || name.ends_with(".tgz")) && !path.is_dir()
}

/// Reads a bundle, signed or not.
///
/// # Errors
/// A file that cannot be read, or is no bundle.
pub fn read(path: &Path) -> Result<Bundle, AppError> {
    let failed = |what: String| AppError::new(Exit::Config, format!("{}: {what}", path.display()));
    let mut packed = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    // One byte more shows that there is more.
    file.take(MOST_BYTES + 1).read_to_end(&mut packed).map_err(|error| failed(error.to_string()))?;
    let mut bundle = Bundle::read(&packed).map_err(|error| failed(error.to_string()))?;
    for source in bundle.policies.iter_mut().chain(&mut bundle.tests) {
        // What messages say; `within` stays the name in the bundle.
        source.name = format!("{}:{}", path.display(), source.within);
    }
    Ok(bundle)
}

/// Reads a bundle that need not be signed; a signature that is there must be of what is in it.
///
/// # Errors
/// As [`read`], and a bundle that was altered.
pub fn unaltered(path: &Path) -> Result<Bundle, AppError> {
    let bundle = read(path)?;
    match bundle.verify(&[]) {
        Ok(_) | Err(BundleError::Unsigned | BundleError::Stranger(_)) => Ok(bundle),
        Err(error) => Err(AppError::new(Exit::Config, format!("{}: {error}", path.display()))),
    }
}

/// Public keys from PEM files.
///
/// # Errors
/// The first that is none.
pub fn keys(paths: &[PathBuf]) -> Result<Vec<PublicKey>, AppError> {
    let read = |path: &PathBuf| {
        PublicKey::read(path).map_err(|error| {
            let message = format!("{}: {}", path.display(), super::error::chain(&error));
            AppError::new(Exit::Config, message).with_hint("openssl pkey -in policy.key -pubout -out policy.pub")
        })
    };
    paths.iter().map(read).collect()
}

/// The configured bundle, verified as the configuration asks, with what the state is to remember of it. Scans and every
/// `policy` command take it from here.
///
/// # Errors
/// Unreadable, unsigned where a signature is required, altered, signed by a stranger, or with a package of the shipped
/// pack beside that pack.
pub fn configured(config: &PolicyConfig) -> Result<Option<(Bundle, TakenBundle)>, AppError> {
    let Some(path) = &config.bundle else { return Ok(None) };
    let bundle = read(path)?;
    let refused = |error: String| AppError::new(Exit::Config, format!("{}: {error}", path.display()));
    let trusted = keys(&config.trusted_keys)?;
    let signed_by = match bundle.verify(&trusted) {
        Ok(key) => Some(key.to_string()),
        // A signature that is there and wrong is never taken, wanted or not.
        Err(BundleError::Unsigned) if !config.require_signed => None,
        Err(BundleError::Stranger(_)) if !config.require_signed && trusted.is_empty() => None,
        Err(error) => {
            let hint = "cattleguard policy bundle build --sign-key signs one; policy.trusted_keys names whom you trust";
            return Err(refused(error.to_string()).with_hint(hint));
        }
    };
    let Some(sequence) = bundle.manifest.sequence.or((!config.require_signed).then_some(0)) else {
        let message = "its manifest has no metadata.cattleguard.sequence, so an older bundle could take its place";
        return Err(refused(message.to_owned()).with_hint("cattleguard policy bundle build writes one"));
    };
    if config.builtin {
        refuse_overlap(&bundle.policies, &shipped())?;
    }
    let taken = TakenBundle {
        revision: bundle.manifest.revision.clone(),
        sequence,
        digest: bundle.digest().to_string(),
        signed_by,
    };
    Ok(Some((bundle, taken)))
}

/// Packages that are in a bundle and in the shipped pack as well: their rules would run as one.
///
/// # Errors
/// The first such package.
pub fn refuse_overlap(bundle: &[PolicySource], shipped: &[PolicySource]) -> Result<(), AppError> {
    for source in bundle {
        let Some(own) = package_of(&source.text) else { continue };
        if shipped.iter().any(|other| package_of(&other.text) == Some(own)) {
            let message = format!("{}: the package {own} is also in the shipped pack", source.name);
            let hint = "[policy] builtin = false evaluates the bundle alone";
            return Err(AppError::new(Exit::Config, message).with_hint(hint));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_the_shipped_pack_is_refused_however_it_is_written() {
        let shipped = [PolicySource::new("shipped.rego", "# What it is for.\npackage cattleguard.host.x\n")];
        let own = |text: &str| refuse_overlap(&[PolicySource::new("own.rego", text)], &shipped);
        for text in ["package cattleguard.host.x\n", "\n\n  package   cattleguard.host.x # ours\n"] {
            let refused = own(text).expect_err("refused");
            assert!(refused.message().contains("cattleguard.host.x"), "{}", refused.message());
        }
        assert!(own("package cattleguard.host.xy\n").is_ok());
    }
}

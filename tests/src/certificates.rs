//! Certificates for servers and clients of tests, by an authority of their own.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// An authority, with its certificates in a folder of their own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate with its key, as PEM files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// An authority that nobody trusts yet.
    #[allow(clippy::new_without_default, reason = "making keys is not a default")]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("drumfire-tls-").tempdir().expect("a temporary folder");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "Authority of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let own = params.self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("ca.pem"), own.pem()).expect("a file can be written");
        Self { issuer: Issuer::new(params, key), folder }
    }

    /// The file with its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for these names and addresses.
    pub fn certify(&self, names: &[&str]) -> Certificate {
        self.sign(&params(names))
    }

    /// One that has expired.
    pub fn certify_expired(&self, names: &[&str]) -> Certificate {
        let mut params = params(names);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        let number = fs::read_dir(self.folder.path()).expect("a folder can be read").count();
        let path = |kind: &str| self.folder.path().join(format!("{number}.{kind}"));
        fs::write(path("pem"), signed.pem()).expect("a file can be written");
        fs::write(path("key"), key.serialize_pem()).expect("a file can be written");
        Certificate { certificate: path("pem"), key: path("key") }
    }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
}

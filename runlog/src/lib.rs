//! Empty until the first module lands.

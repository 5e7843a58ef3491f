//! EigenLayer's ReleaseManager: what software an operator set must run.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IReleaseManager {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// A piece of software.
        struct Artifact {
            /// What it hashes to.
            bytes32 digest;
            /// Where it is.
            string registry;
        }
        /// A set of artifacts that operators must run.
        struct Release {
            /// What to run.
            Artifact[] artifacts;
            /// Seconds since 1970 by which to run it; 0 for at once.
            uint32 upgradeByTime;
        }

        event MetadataURIPublished(OperatorSet indexed operatorSet, string metadataURI);
        event ReleasePublished(OperatorSet indexed operatorSet, uint256 indexed releaseId, Release release);

        error InvalidMetadataURI();
        error InvalidPermissions();
        error InvalidUpgradeByTime();
        error MustPublishMetadataURI();
        error NoReleases();

        function getLatestRelease(
            OperatorSet calldata operatorSet
        ) external view returns (uint256, Release memory);
        function getLatestUpgradeByTime(OperatorSet calldata operatorSet) external view returns (uint32);
        function getMetadataURI(OperatorSet calldata operatorSet) external view returns (string memory);
        function getRelease(
            OperatorSet calldata operatorSet,
            uint256 releaseId
        ) external view returns (Release memory);
        function getTotalReleases(OperatorSet calldata operatorSet) external view returns (uint256);
        function isValidRelease(
            OperatorSet calldata operatorSet,
            uint256 releaseId
        ) external view returns (bool);
        function permissionController() external view returns (address);
        function publishMetadataURI(OperatorSet calldata operatorSet, string calldata metadataURI) external;
        function publishRelease(
            OperatorSet calldata operatorSet,
            Release calldata release
        ) external returns (uint256 releaseId);
    }
}

//! LossNotices: what a slash took of a staker, written to the log on request.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, Default, PartialEq, Eq)]
    #[sol(abi)]
    interface ILossNotices {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// What a slash did in one strategy.
        struct StrategyLoss {
            address strategy;
            /// The operator's max magnitude before the slash.
            uint64 maxMagnitudeBefore;
            /// The same after.
            uint64 maxMagnitudeAfter;
            /// The staker's deposit shares.
            uint256 depositShares;
            /// What they were worth less after the slash.
            uint256 lostShares;
            /// What withdrawals in the queue were worth less.
            uint256 lostQueuedShares;
        }

        event LossNotice(
            address indexed staker,
            address indexed operator,
            OperatorSet operatorSet,
            uint256 slashId,
            uint32 slashBlock,
            StrategyLoss[] losses
        );
        event SlashKept(OperatorSet operatorSet, uint256 slashId);
        event WatchSet(address indexed staker, bool watched);

        error CurrentlyPaused();
        error InvalidNewPausedStatus();
        error InvalidPermissions();
        error NothingLost();
        error NotWatched();
        error OnlyPauser();
        error OnlyUnpauser();
        error PositionChanged(uint32 changedBlock, uint32 slashBlock);
        error SlashUnknown();

        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        function keep(OperatorSet calldata operatorSet, uint256 slashId) external;
        function notice(address staker, OperatorSet calldata operatorSet, uint256 slashId) external;
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function permissionController() external view returns (address);
        function preview(
            address staker,
            OperatorSet calldata operatorSet,
            uint256 slashId
        ) external view returns (address operator, uint32 slashBlock, StrategyLoss[] memory losses);
        function setWatched(address staker, bool watched) external;
        function unpause(uint256 newPausedStatus) external;
        function watchedSince(address staker) external view returns (bool watched, uint32 changedBlock);
    }
}

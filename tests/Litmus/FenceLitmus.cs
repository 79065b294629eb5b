using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.Litmus;

/// <summary>
/// Why a worker's epoch is changed by a full fence: it says "I am in" and then looks at a table, the slow path takes something out of the table and then looks whether the worker is in.
/// x86 lets a load pass an earlier store to another place, so without the fence both can miss the other.
/// </summary>
public sealed class FenceLitmus
{
    [SkippableFact]
    public void WorkerOrSlowPathSeesTheOther() => Assert.False(BothMiss(Duel.Hold, (ref block) => WorkerEpoch.Enter(ref block)));

    [SkippableFact]
    public void EpochWithoutAFenceFails() => Assert.True(BothMiss(Duel.Fall, (ref block) => Volatile.Write(ref block.Epoch, block.Epoch + 1)));

    private delegate void Enter(ref WorkerBlock block);

    private static bool BothMiss(TimeSpan time, Enter enter)
    {
        var game = new Game { Block = new WorkerBlock[1] };
        return Duel.SeesViolation(time, () => game.SlowPath(), () => game.Worker(enter));
    }

    [StructLayout(LayoutKind.Sequential)]
    private sealed class Game
    {
        private const int Rounds = 256;
        private readonly ulong[] words = new ulong[64];
        private bool slowPathSawWorker;

        public required WorkerBlock[] Block { get; init; }

        // words[0]: the table; words[16]: worker's turns; words[32]: slow path's turns; words[48]: 1 once the worker has stopped.
        public void SlowPath()
        {
            var turn = words[32] + 1;
            var wait = 0;
            while (Volatile.Read(ref words[16]) != turn)
            {
                if (++wait > 100_000) return;
            }

            Volatile.Write(ref words[0], 1);
            Interlocked.MemoryBarrier();
            slowPathSawWorker = (Volatile.Read(ref Block[0].Epoch) & 1) != 0;
            Volatile.Write(ref words[32], turn);
        }

        public bool Worker(Enter enter)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var turn = words[16] + 1;
                Block[0].Epoch = 0;
                words[0] = 0;
                Interlocked.Exchange(ref words[16], turn);

                // A little later or earlier each time, so that the two meet.
                for (var i = 0; i < (round & 63); i++) Volatile.Read(ref words[48]);
                enter(ref Block[0]);
                var workerSawRemoval = Volatile.Read(ref words[0]) != 0;
                while (Volatile.Read(ref words[32]) != turn)
                {
                }

                if (!workerSawRemoval && !slowPathSawWorker) return true;
            }

            return false;
        }
    }
}

using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>How many notices about one neighbour go out: a neighbour's trouble must not fill the log.</summary>
internal sealed class NoticeLimit
{
    private Instant periodEnds = new(long.MinValue);
    private int admitted;
    private long left;

    /// <summary>Whether one more goes out; then how many were left out since the last.</summary>
    public bool Admits(Instant now, out long suppressed)
    {
        if (now >= periodEnds) (periodEnds, admitted) = (now.Plus(BgpTuning.NoticePeriod), 0);
        suppressed = left;
        if (admitted >= BgpTuning.NoticesMost)
        {
            left++;
            return false;
        }

        admitted++;
        left = 0;
        return true;
    }
}

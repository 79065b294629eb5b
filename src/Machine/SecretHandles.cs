using System.Runtime.CompilerServices;

namespace Appliance.Machine;

/// <summary>
/// Handles of what a recording must not show: each object gets a number when it is first seen, and in a replay each number gives the object that stands for it. Objects are told apart by
/// reference; they are not kept alive.
/// </summary>
/// <typeparam name="T">Kind of object: a key, half of a key exchange.</typeparam>
public sealed class SecretHandles<T>
    where T : class
{
    private readonly ConditionalWeakTable<T, object> numbers = [];
    private readonly Dictionary<long, WeakReference<T>> objects = [];
    private long last;
    private int sweepAt = 1024;

    /// <summary>The number of an object, a new one when it was not seen before.</summary>
    public long Of(T secret)
    {
        if (numbers.TryGetValue(secret, out var known)) return (long)known;
        Set(++last, secret);
        return last;
    }

    /// <summary>In a replay: the object that stands for a number; <paramref name="make"/> is asked when there is none yet.</summary>
    public T For(long number, Func<T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        if (objects.TryGetValue(number, out var known) && known.TryGetTarget(out var secret)) return secret;
        secret = make();
        Set(number, secret);
        last = Math.Max(last, number);
        return secret;
    }

    private void Set(long number, T secret)
    {
        numbers.AddOrUpdate(secret, number);
        objects[number] = new WeakReference<T>(secret);
        if (objects.Count < sweepAt) return;
        foreach (var (dead, _) in objects.Where(o => !o.Value.TryGetTarget(out _)).ToList()) objects.Remove(dead);
        sweepAt = Math.Max(1024, 2 * objects.Count);
    }
}
